# @summary The program: a virtual environment of its own, separate from the distribution's Python and HTCondor.
#
# The roles include this class; it needs to be declared only to give it parameters, best in Hiera.
#
# Each version is installed beside the others, as `/opt/shepherd-VERSION`, and `/opt/shepherd` is switched to it when it
# is whole: an installation that fails half-way changes nothing, and going back one version installs nothing. The version
# before the present one is kept.
#
# @param wheel
#   Where the program comes from: the path of a wheel on the machine, whose file name says the version; or a
#   distribution's name, which pip looks up as it is configured.
#
# @param version
#   The version to install, if `wheel` is a name.
#
# @param pip_options
#   Further arguments of `pip install`, such as `['--no-index', '--find-links', '/srv/wheels']`, or
#   `['--index-url', 'https://packages.example.org/simple', '--constraint', '/srv/requirements.lock']`. Without it pip looks
#   into no index. A password for one belongs into `/etc/pip.conf`: here everybody could read it, and it is refused.
#
# @param python
#   The Python that the virtual environment is made with, 3.11 or later.
#
# @param packages
#   Packages of the distribution that are needed for that. Those that the site declares somewhere else are left to it.
#
# @example From a folder of wheels that the site carries to its machines
#   class { 'shepherd':
#     wheel       => '/srv/wheels/flocking_shepherd-0.1.0-py3-none-any.whl',
#     pip_options => ['--no-index', '--find-links', '/srv/wheels'],
#   }
class shepherd (
  Shepherd::Wheel $wheel,
  Shepherd::Version $version,
  Shepherd::Path $python,
  Array[String[1]] $packages,
  Array[Pattern[/\A(?!.*:\/\/[^\/]*@)/]] $pip_options,
) {
  $is_file = $wheel =~ Shepherd::Path
  $wanted = $is_file ? {
    true    => $wheel.regsubst('\A.*/[^-/]+-([^-/]+)-[^/]*\z', '\1'),
    default => $version,
  }
  unless $wanted =~ Shepherd::Version {
    fail("shepherd::wheel: ${wheel} does not name its version; it must be NAME-VERSION-TAGS.whl")
  }
  $program = {
    wheel   => $wheel,
    version => $wanted,
    python  => $python,
    options => $pip_options,
  }

  shepherd::packages { 'shepherd': names => $packages }

  file {
    default:
      ensure => directory,
      owner  => 'root',
      group  => 'root',
      ;
    '/etc/shepherd':
      mode => '0755',
      ;
    '/etc/shepherd/keys':
      mode => '0700',
      ;
  }

  exec { 'shepherd: install the program':
    command  => epp('shepherd/program.sh.epp', $program + { act => 'install' }),
    unless   => epp('shepherd/program.sh.epp', $program + { act => 'check' }),
    provider => shell,
    path     => '/usr/sbin:/usr/bin:/sbin:/bin',
    timeout  => 3600,
    require  => Shepherd::Packages['shepherd'],
  }

  shepherd::shipped { '/etc/sysusers.d/shepherd.conf':
    source   => 'systemd/sysusers.d/shepherd.conf',
    taken_by => 'systemd-sysusers',
    require  => Exec['shepherd: install the program'],
  }
  -> exec { 'shepherd: make the account':
    command  => 'systemd-sysusers /etc/sysusers.d/shepherd.conf',
    unless   => 'getent passwd shepherd',
    provider => shell,
    path     => '/usr/sbin:/usr/bin:/sbin:/bin',
  }
  -> shepherd::shipped { '/etc/tmpfiles.d/shepherd.conf':
    source   => 'systemd/tmpfiles.d/shepherd.conf',
    taken_by => 'systemd-tmpfiles --create',
    require  => File['/etc/shepherd'],
  }
  # Also without a change: the directory of the host lock is made here, and never by Puppet itself.
  -> exec { 'shepherd: make the directories':
    command  => 'systemd-tmpfiles --create /etc/tmpfiles.d/shepherd.conf',
    unless   => 'test -d /run/shepherd && test -d /var/lib/shepherd',
    provider => shell,
    path     => '/usr/sbin:/usr/bin:/sbin:/bin',
  }
}
