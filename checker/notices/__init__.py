"""Official notices, one YAML file each."""
