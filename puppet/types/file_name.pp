# @summary A plain file name.
type Shepherd::File_name = Pattern[/\A[A-Za-z0-9][\w.-]*\z/]
