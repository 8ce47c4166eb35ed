package limit

import (
	"reflect"
	"testing"
	"time"
)

func TestDeadlineCheck(t *testing.T) {
	t.Parallel()
	ok := Default().Deadline
	tests := []struct {
		name string
		d    Deadline
		ok   bool
	}{
		{"default", ok, true},
		{"zero", Deadline{}, false},
		{"request-not-below-unit", Deadline{ok.Unit, ok.Unit, ok.Collector, ok.Run}, false},
		{"unit-not-below-collector", Deadline{ok.Request, ok.Collector, ok.Collector, ok.Run}, false},
		{"collector-not-below-run", Deadline{ok.Request, ok.Unit, ok.Run, ok.Run}, false},
		{"swapped", Deadline{ok.Run, ok.Collector, ok.Unit, ok.Request}, false},
		{"negative", Deadline{-time.Second, ok.Unit, ok.Collector, ok.Run}, false},
		{"no-room", Deadline{time.Second, time.Second + 1, time.Minute, time.Hour}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := tt.d.Check(); (err == nil) != tt.ok {
				t.Errorf("Check() = %v, want ok %v", err, tt.ok)
			}
		})
	}
}

// A parse must end inside its unit, and a record must fit the line that stores it.
func TestDefaultFits(t *testing.T) {
	t.Parallel()
	d := Default()
	for _, tt := range []struct {
		name         string
		inner, outer int64
	}{
		{"parse-deadline-in-unit", int64(d.Parse.Deadline), int64(d.Deadline.Unit) - 1},
		{"sync-interval-in-request", int64(d.Segment.Interval), int64(d.Deadline.Request) - 1},
		{"memory-in-address-space", d.Parse.Memory, d.Parse.AddressSpace},
		{"record-in-output", d.Parse.Line, d.Parse.Output},
		{"record-in-segment-line", d.Parse.Line, d.Segment.Line},
		{"image-in-evidence", d.Image.Size, d.Evidence.Object},
		{"file-in-unpacked", d.Image.File, d.Image.Unpacked},
		{"scalar-in-yaml", int64(d.YAML.Scalar), d.YAML.Size},
		{"banner-text-in-banner", int64(d.Text.Banner), d.Device.Banner},
		{"sealed-in-line", d.Evidence.Sealed, d.Segment.Line},
	} {
		if tt.inner > tt.outer {
			t.Errorf("%s: %d does not fit %d", tt.name, tt.inner, tt.outer)
		}
	}
}

// A zero would forbid everything: a field that was added and forgotten shows here.
func TestDefaultComplete(t *testing.T) {
	t.Parallel()
	table := reflect.ValueOf(Default())
	fields := 0
	for i := range table.NumField() {
		part := table.Field(i)
		for j := range part.NumField() {
			fields++
			if part.Field(j).IsZero() {
				t.Errorf("%s.%s is zero", table.Type().Field(i).Name, part.Type().Field(j).Name)
			}
		}
	}
	if fields < 40 {
		t.Errorf("found %d fields: the walk does not reach the table", fields)
	}
}
