# @summary How far the rollout has come on a host.
#
# * `check`: everything is laid and `shepherd check --node` is run; HTCondor is as it was, nothing can be lent.
# * `on`: the regular startd runs behind the guard, the keeper runs, the host can be lent.
type Shepherd::Rollout = Enum['check', 'on']
