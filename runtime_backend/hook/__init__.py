"""One hook call, from the settings to the stamped wheel; the entry point is :class:`.call.HookCall`."""
