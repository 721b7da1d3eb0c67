# @summary A version as pip writes it.
type Shepherd::Version = Pattern[/\A[0-9][0-9A-Za-z.+!-]*\z/]
