"""What runs a network; registered in rtskin.registry.RUNTIMES."""
