# frozen_string_literal: true

# What the module must know of a machine before it makes a catalog for it.
#
# booted:   systemd is the machine's first process; not so in a chroot that becomes an image
# apparmor: the kernel has AppArmor, and it is on
# records:  where traceability records or evidence lie
Facter.add(:shepherd) do
  confine kernel: 'Linux'

  setcode do
    read = ->(path) { File.exist?(path) ? File.read(path) : '' }
    records = %w[/var/lib/shepherd /var/lib/shepherd-node /var/lib/shepherd-gateway /var/log/shepherd].select do |place|
      Dir.glob("#{place}/**/*", File::FNM_DOTMATCH).any? { |path| File.file?(path) }
    end
    {
      'booted' => File.directory?('/run/systemd/system'),
      'apparmor' => read.call('/sys/module/apparmor/parameters/enabled').start_with?('Y'),
      'records' => records
    }
  end
end
