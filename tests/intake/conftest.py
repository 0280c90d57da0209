"""Property tests draw the same examples every time, and take their time on a busy machine."""

from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")
