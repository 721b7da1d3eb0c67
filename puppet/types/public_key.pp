# @summary An Ed25519 public key as PEM, the content of a file that `shepherd key create` wrote beside the private one.
type Shepherd::Public_key = Pattern[/\A-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+\/=\n]+-----END PUBLIC KEY-----\n?\z/]
