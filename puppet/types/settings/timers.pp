# @summary The settings of `[timers]` in /etc/shepherd/shepherd.toml.
#
# How often and how long. The one table of timers is made from this.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `cycle_s`: A decision that may lend, every so often. Seconds. Five minutes as in the talk. Default: `300.0`.
# * `look_s`: The fast look at demand and states; it may reclaim, never lend. Seconds. React in seconds, decide calmly.
#   Default: `10.0`.
# * `switch_poll_s`: How often hosts in the middle of a switch are looked at. Seconds. Only they are asked for. Default:
#   `0.25`.
# * `arm_deadline_s`: From the lease to *armed*; one keeper poll plus the start of a container. Seconds. Default:
#   `180.0`.
# * `drain_deadline_s`: From the order to drain to Drained; an idle startd needs about one second. Seconds. Later, no
#   `go` is given. Default: `15.0`.
# * `start_deadline_s`: From `go` to the flocking startd's ad, which takes 1 to 8 s. Seconds. With the drain before it
#   and the way home after it this stays below the 60 s that no host may be without a startd. Default: `25.0`.
# * `home_deadline_s`: From the container's end to the regular startd's ad; later, the host is shown as a problem.
#   Seconds. Default: `60.0`.
# * `renew_s`: Lease pages are signed anew this often, in a small loop of its own. Seconds. Default: `60.0`.
# * `lease_s`: How long a lease lasts without renewal: an upgrade or restart of the shepherd fits inside. Seconds.
#   Default: `900.0`.
# * `stale_factor`: An observation older than this many of its periods is not believed. Absence is not evidence.
#   Default: `3.0`.
# * `ad_period_s`: UPDATE_INTERVAL of the pools' startds: the period of an ad. Seconds. HTCondor's default. Default:
#   `300.0`.
# * `young_collector_s`: A collector up for less than this may not know all its hosts yet: no lends. Seconds; two ad
#   periods. Default: `600.0`.
# * `command_s`: Deadline of one HTCondor tool. Seconds. Then it is killed and counted as failed. Default: `20.0`.
# * `query_s`: Deadline of one question to a collector. Seconds. Then the worker process is killed. Default: `20.0`.
# * `graceful_s`: A guest job's notice on reclaim. Seconds. Default: `60.0`.
# * `fast_s`: From the fast order to the kill. Seconds. Default: `20.0`.
# * `kill_s`: For the container to be gone after the kill. Seconds. Default: `10.0`.
type Shepherd::Settings::Timers = Struct[{
  Optional[cycle_s] => Numeric,
  Optional[look_s] => Numeric,
  Optional[switch_poll_s] => Numeric,
  Optional[arm_deadline_s] => Numeric,
  Optional[drain_deadline_s] => Numeric,
  Optional[start_deadline_s] => Numeric,
  Optional[home_deadline_s] => Numeric,
  Optional[renew_s] => Numeric,
  Optional[lease_s] => Numeric,
  Optional[stale_factor] => Numeric,
  Optional[ad_period_s] => Numeric,
  Optional[young_collector_s] => Numeric,
  Optional[command_s] => Numeric,
  Optional[query_s] => Numeric,
  Optional[graceful_s] => Numeric,
  Optional[fast_s] => Numeric,
  Optional[kill_s] => Numeric,
}]
