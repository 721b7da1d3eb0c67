# @summary The settings of `[policy]` in /etc/shepherd/shepherd.toml.
#
# What to lend and when.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `kind`: `demand`: what idle local jobs ask for comes home at once, what nobody asks for is lent. `threshold`: the
#   rule of the original talk, which looks at their number. Default: `"demand"`.
# * `idle_jobs_threshold`: Idle local jobs: below it hosts are lent, above it they are reclaimed, at it none moves.
#   Jobs. 600: the talk. Default: `600`.
# * `lend_per_cycle`: `threshold`: hosts lent in one cycle, at most (x of the talk). Slow on purpose: it is the move
#   that can be wrong. Default: `5`.
# * `reclaim_per_cycle`: `threshold`: hosts reclaimed in one cycle, at most (y of the talk); 0: all of them. Local work
#   waits on no budget. Default: `0`.
# * `wait_target_s`: `demand`: a local job may wait so long for what is lent. Seconds. Jobs that local hosts take before
#   it is time to go home bring nobody home. Below what the way home takes at most (175 s with the default timers) every
#   job counts at once that finds no host; 300 harvests 1 to 5 % more in simulations, and doubles the wait that lending
#   adds. Default: `120.0`.
# * `quiet_s`: `demand`: a host is lent once it has been idle for so long. Seconds. In simulations 900 costs 4 to 20 %
#   of the harvest of 300, and guests lose no less; 120 brings some percent more, and 60 only more switches. Default:
#   `120.0`.
# * `lend_share`: `demand`: share of the usable hosts that may be lent within five minutes. 0..1. In simulations 0.05
#   costs 3 to 11 % of the harvest of 0.1, and more than 0.25 brings nothing more. Default: `0.2`.
# * `stuck_s`: `demand`: idle jobs that are not taken for so long although hosts that they fit stand free wait for
#   something else, and bring nobody home. Seconds. Default: `300.0`.
# * `reserve`: Share of live, usable cpus kept in the local herd, busy or idle. 0..1. A quarter as in the talk. Default:
#   `0.25`.
# * `idle_reserve`: Regular hosts that stay wholly idle besides, ready for a burst. Hosts. Default: `0`.
# * `arming_at_once`: Hosts between LOCAL and FLOCK at one time, at most. A bad image then hurts few. Default: `10`.
# * `cooling_s`: After a failed lend a host is left alone this long, doubled for each further failure up to 16 times.
#   Seconds. Default: `600.0`.
# * `leak_stops`: What stops when a container reached what it must not: all flocking, until `shepherd flockon`
#   (`everywhere`), or lending that host, until its check passes (`host`). One gateway guards all, so one leak speaks
#   for all. Default: `"everywhere"`.
# * `lend_gpus`: GPU hosts are not lent until their memory can be shown to be scrubbed; True is refused for now.
#   Default: `false`.
type Shepherd::Settings::Policy = Struct[{
  Optional[kind] => Enum['threshold', 'demand'],
  Optional[idle_jobs_threshold] => Integer,
  Optional[lend_per_cycle] => Integer,
  Optional[reclaim_per_cycle] => Integer,
  Optional[wait_target_s] => Numeric,
  Optional[quiet_s] => Numeric,
  Optional[lend_share] => Numeric,
  Optional[stuck_s] => Numeric,
  Optional[reserve] => Numeric,
  Optional[idle_reserve] => Integer,
  Optional[arming_at_once] => Integer,
  Optional[cooling_s] => Numeric,
  Optional[leak_stops] => Enum['everywhere', 'host'],
  Optional[lend_gpus] => Boolean,
}]
