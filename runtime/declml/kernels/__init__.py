"""Where training happens: a process of its own, started, followed and interrupted from outside, without torch."""
