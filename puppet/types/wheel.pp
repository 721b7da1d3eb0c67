# @summary Where the program comes from: a wheel's file on the machine, or a distribution's name for pip.
type Shepherd::Wheel = Pattern[/\A(\/[\w.@+=:-]+)+\.whl\z/, /\A[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?\z/]
