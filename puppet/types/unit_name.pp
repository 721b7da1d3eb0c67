# @summary Name of a service of systemd, without its ending.
type Shepherd::Unit_name = Pattern[/\A[A-Za-z0-9][\w.@-]*\z/]
