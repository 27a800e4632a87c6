"""What `cartower doctor` looks at: each module one part of a computer at a tower."""
