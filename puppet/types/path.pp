# @summary An absolute path without anything that a shell would read otherwise.
type Shepherd::Path = Pattern[/\A(\/[\w.@+=:-]+)+\z/]
