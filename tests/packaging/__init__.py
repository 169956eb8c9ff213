"""Tests of what makes packages; the packages themselves are tried by ``make package-test``."""
