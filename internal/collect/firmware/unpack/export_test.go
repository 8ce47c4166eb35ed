package unpack

// Circles is the note on links, each a path and a target.
func Circles(list ...string) string {
	l := make(links)
	for i := 0; i < len(list); i += 2 {
		l.add(list[i], list[i+1])
	}
	return l.note()
}

// Listed is what is told of gaps that come in this order.
func Listed(most int, list []Gap) []Gap {
	g := gaps{max: most}
	for _, x := range list {
		g.add(x)
	}
	return g.all()
}
