"""The files of a home: where they lie, how they are written, who may read them, what they take, what may go."""
