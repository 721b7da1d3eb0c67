# @summary The settings of /etc/shepherd/shepherd.toml.
#
# Table by table.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `home`: The site's own pool.
# * `flock`: The flock pool: the second, small HTCondor instance that guests see.
# * `hosts`: Which hosts, and how their two startds are named.
# * `policy`: What to lend and when.
# * `timers`: How often and how long. The one table of timers is made from this.
# * `lease`: Signing and publishing of lease pages.
# * `flockoff`: The file that stops all flocking.
# * `icinga`: Icinga2, whose checks are silenced while their startd is meant to be away. Empty url: none is.
# * `trace`: The record of who ran what where, and from which address.
# * `paths`: Where things lie.
# * `roles`: Unix groups whose members may do what not everybody in the spool's group may. Root and the daemon's own
#   account always may; an empty list means nobody besides. Every member of these groups must be able to write the spool
#   of intents (`paths.intents`), too: without a record nothing of this is done.
# * `drill`: The drill: a real flocked job makes a connection, and the record must name it by that alone.
# * `metrics`: Figures for Prometheus: the daemon listens on the loopback, or writes a file for node_exporter, or both.
type Shepherd::Settings::Daemon = Struct[{
  home => Shepherd::Settings::Home,
  flock => Shepherd::Settings::Flock,
  Optional[hosts] => Shepherd::Settings::Hosts,
  Optional[policy] => Shepherd::Settings::Policy,
  Optional[timers] => Shepherd::Settings::Timers,
  Optional[lease] => Shepherd::Settings::Lease,
  Optional[flockoff] => Shepherd::Settings::Flockoff,
  Optional[icinga] => Shepherd::Settings::Icinga,
  Optional[trace] => Shepherd::Settings::Trace,
  Optional[paths] => Shepherd::Settings::Paths,
  Optional[roles] => Shepherd::Settings::Roles,
  Optional[drill] => Shepherd::Settings::Drill,
  Optional[metrics] => Shepherd::Settings::Metrics,
}]
