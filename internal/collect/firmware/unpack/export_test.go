package unpack

// Circles is the note on links, each a path and a target.
func Circles(list ...string) string {
	l := make(links)
	for i := 0; i < len(list); i += 2 {
		l.add(list[i], list[i+1])
	}
	return l.note()
}
