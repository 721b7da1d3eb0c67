# @summary Packages of the distribution, but for those that the site declares itself.
#
# Declared before, in the order in which Puppet reads; what comes later the site takes out of this module's `packages`.
#
# @api private
#
# @param names
#   Names of packages.
define shepherd::packages (
  Array[String[1]] $names,
) {
  $names.each |$name| {
    unless defined(Package[$name]) {
      package { $name: ensure => installed }
    }
  }
}
