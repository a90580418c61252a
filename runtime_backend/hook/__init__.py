"""One call of a hook, from the settings to the stamped wheel: :class:`.call.HookCall` is where to begin."""
