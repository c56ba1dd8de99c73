"""Generated worlds on which the engine and the reference must agree, and the machines that compare them."""
