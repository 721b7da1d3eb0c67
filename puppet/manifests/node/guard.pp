# @summary The guard's file. It stands on its own: no upgrade of the program touches it unless that is asked for.
#
# @api private
class shepherd::node::guard {
  $guard = '/usr/local/libexec/shepherd/startd-guard'
  $of_program = '/opt/shepherd/share/shepherd/libexec/startd-guard'
  $is_sound = "[ \"$(stat -c %u:%g:%a ${guard})\" = 0:0:755 ]"
  $is_current = $shepherd::node::update_guard ? {
    true    => "${is_sound} && cmp -s ${of_program} ${guard}",
    default => $is_sound,
  }

  # Renamed into place: whoever starts it in this moment starts the old one or the new one.
  exec { 'shepherd: lay the guard':
    command  => "install -D -m 0755 ${of_program} ${guard}.new && mv -T ${guard}.new ${guard}",
    unless   => $is_current,
    provider => shell,
    path     => '/usr/sbin:/usr/bin:/sbin:/bin',
  }
}
