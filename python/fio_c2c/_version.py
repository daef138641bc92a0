"""The version of this package; that of the library and the header it was written for."""

__version__ = "0.1.0"
