package component

// Stated is what the header of an image says it holds: the program of an
// ESP32, the kit that it was made with, a boot loader. Code that says more
// outweighs it.
func Stated(path, name, version, text string, offset int64) Findings {
	c := Claim{Name: name, Rule: "header", Version: version, Soft: weightFirst, Confidence: High, Source: FromHeader, Offset: offset, Text: text[:min(len(text), maxEvidence)]}
	if r := rules().byID[name]; r != nil {
		c.Name, c.Rule = r.Name, r.ID
	}
	if len(name) > 256 || len(version) > 128 || name == "" {
		return Findings{Path: path}
	}
	return Findings{Path: path, Claims: []Claim{c}}
}
