"""What is: frozen values and enums, stdlib only, no clock."""
