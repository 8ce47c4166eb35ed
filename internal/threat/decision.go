package threat

// Decisions are what people decided, from threats.yaml of the workspace.
type Decisions struct {
	Decisions []Decision
	Overrides []Override
}

// Decision is what somebody decided about a threat.
type Decision struct {
	Threat string // id
}

// Override sets a factor of a threat by hand.
type Override struct {
	Threat string
}

func (d *Decisions) attach(*Model) {}

func (d *Decisions) override(_, _ string, f Factors) Factors { return f }
