"""Laws that hold in every world, of the engine and of the reference alike."""
