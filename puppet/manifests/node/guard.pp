# @summary The guard's file. It stands on its own: no upgrade of the program touches it unless that is asked for.
#
# @api private
class shepherd::node::guard {
  $guard = '/usr/local/libexec/shepherd/startd-guard'
  $of_program = '/opt/shepherd/bin/python -c "import shepherd.programs.guard as guard; print(guard.__file__)"'
  $is_sound = "[ -x ${guard} ] && [ \"$(stat -c %u:%g:%a ${guard})\" = 0:0:755 ]"
  $is_current = $shepherd::node::update_guard ? {
    true    => "${is_sound} && cmp -s \"$(${of_program})\" ${guard}",
    default => $is_sound,
  }

  # Renamed into place: whoever starts it in this moment starts the old one or the new one.
  exec { 'shepherd: lay the guard':
    command  => "from=$(${of_program}) && install -D -m 0755 \"\$from\" ${guard}.new && mv -T ${guard}.new ${guard}",
    unless   => $is_current,
    provider => shell,
    path     => '/usr/sbin:/usr/bin:/sbin:/bin',
  }
}
