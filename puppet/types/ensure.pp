# @summary Whether a machine has this role.
type Shepherd::Ensure = Enum['present', 'absent']
