# @summary What a settings file may hold: anything but null.
type Shepherd::Toml = Variant[Boolean, Numeric, String, Array[Shepherd::Toml], Hash[String, Shepherd::Toml]]
