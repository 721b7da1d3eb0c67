# @summary The settings of `[metrics]` in /etc/shepherd/shepherd.toml.
#
# Figures for Prometheus: the daemon listens on the loopback, or writes a file for node_exporter, or both.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `listen`: Where `/metrics` is served, an address of the loopback and a port, `127.0.0.1:9641` or `[::1]:9641`.
#   Empty: nowhere. A Prometheus on another machine asks node_exporter for the file below, or a proxy that knows who
#   asks. An address that is taken stops nothing but this: `-s` says so, and it is tried again. Default:
#   `"127.0.0.1:9641"`.
# * `textfile`: File for node_exporter's textfile collector, `….prom`, written every five seconds and removed when the
#   daemon ends. Empty: none. The shipped unit has `/run/shepherd-metrics` for it, which systemd empties also when the
#   daemon is killed; give it to node_exporter as `--collector.textfile.directory`, or link its file into the usual one.
#   Default: `""`.
type Shepherd::Settings::Metrics = Struct[{
  Optional[listen] => String,
  Optional[textfile] => String,
}]
