# @summary Removes the program when no role is left on the machine, and names what stays.
#
# Which roles there are is told by their settings' files, on the machine itself, after this run has written or removed
# them.
#
# @api private
class shepherd::unused {
  $records = $facts.dig('shepherd', 'records')
  unless $records =~ Undef or $records.empty {
    warning("shepherd: records and evidence of what guests did stay on ${facts['networking']['fqdn']}: ${records.join(', ')}")
  }

  exec { 'shepherd: remove the program':
    command   => epp('shepherd/unused.sh.epp', { act => 'remove' }),
    onlyif    => epp('shepherd/unused.sh.epp', { act => 'ask' }),
    provider  => shell,
    path      => '/usr/sbin:/usr/bin:/sbin:/bin',
    logoutput => true,
  }

  File <| tag == 'shepherd_settings' |> -> Exec['shepherd: remove the program']
}
