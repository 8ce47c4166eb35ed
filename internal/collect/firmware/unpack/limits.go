package unpack

// RawLimit bounds what is inspected of a range that no format explains.
const RawLimit = rawLimit

// Defaults are the limits of a walk that doesn't ask for others.
func Defaults() Limits { return Limits{}.defaults() }

// MostInMemory bounds the decoded layers in each other that are in memory at a
// time.
func MostInMemory() int64 { return inMemory * Defaults().File }
