"""The nouns of the program: values and pure rules; standard library only, no input or output."""
