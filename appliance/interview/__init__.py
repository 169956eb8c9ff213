"""The interview language: YAML to blocks to screens. Pure: no disk, clock, server or cluster of its own."""
