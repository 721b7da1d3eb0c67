# @summary The settings of `[trace]` in /etc/shepherd/shepherd.toml.
#
# The record of who ran what where, and from which address.
#
# Generated from the settings by `python -m shepherd.views.settings_files`; do not edit. A setting that is not given has
# the program's default.
#
# * `directory`: Where it lies: a file a day, `keys` with what makes users readable, `holds` with what was put aside.
#   Empty: `trace` below `paths.state`. Default: `""`.
# * `keep_days`: Whole days after its end that a day is kept; then its file is removed. Days. 180 is what grids ask for;
#   below 90 most letters would come too late, and the daemon says so. What is on hold stays. Default: `180`.
# * `pseudonymise_days`: Whole days after its end that a day's users and job ids can be read; then their keys are
#   destroyed, and a pseudonym stays. Days; more than `keep_days` means as long as there are records. Default: `90`.
# * `logger`: The site's logger, another machine's: `udp:HOST:514`, `tcp:HOST:601`, `tls:HOST:6514` or `unix:/dev/log`.
#   It is told where the records end, so that nobody can change them unseen (`shepherd ledger verify --heads`). Empty:
#   nobody is told. Default: `""`.
# * `logger_ca_file`: File with the authority that signed the logger's certificate (PEM), for `tls:`; empty: those of
#   the system. Default: `""`.
# * `anchor_s`: The logger is told every so often. Seconds. Who owns this machine can change unseen what is younger.
#   Default: `60.0`.
# * `gateway_spool`: Directory of the gateway's flow records, where the gateway is this machine; empty: they are not
#   collected. Default: `"/var/lib/shepherd-gateway/flows"`.
# * `fetch_s`: A host that has recorded something is asked for it at most so often. Seconds. Each time is a tool that
#   starts: a thousand lent hosts are some thirty of them a second. Default: `30.0`.
# * `fetchers`: Workers that ask, at one time. A host that does not answer keeps one of them busy for `command_s`.
#   Default: `8`.
type Shepherd::Settings::Trace = Struct[{
  Optional[directory] => String,
  Optional[keep_days] => Integer,
  Optional[pseudonymise_days] => Integer,
  Optional[logger] => String,
  Optional[logger_ca_file] => String,
  Optional[anchor_s] => Numeric,
  Optional[gateway_spool] => String,
  Optional[fetch_s] => Numeric,
  Optional[fetchers] => Integer,
}]
