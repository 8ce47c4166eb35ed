package guess

// Left is what a Guesser may still spend.
func (g *Guesser) Left() int { return g.first + g.budget }
