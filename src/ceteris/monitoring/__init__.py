"""Windows of what a packaged model was asked, against the rows it was made of: is it still the world that the model knows?

`drift`, `together`, `expected`, `measured` and `alarms` each hold one question; `watched` asks them all of one window.
"""
