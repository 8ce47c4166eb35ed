package pattern

// Gate is the gate of an expression.
func Gate(source string) (words []string, fold bool) {
	g := New(source).get().gate
	return g.words, g.fold
}
