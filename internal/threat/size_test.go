package threat

import (
	"fmt"
	"testing"

	"go.yaml.in/yaml/v3"

	"assay/internal/limit"
	"assay/internal/product"
	"assay/internal/standard"
)

// plant makes a product of some components and flows: cells of devices behind
// gateways, backends, apps. Deterministic.
func plant(t testing.TB, components, flows int) *product.Product {
	t.Helper()
	part := map[string]any{"schema": product.Schema, "product": map[string]any{"name": "Plant", "model": "P", "release": "1", "context": "iiot", "maker": map[string]any{"name": "M"}},
		"standards": []any{"iot-1005-1", "etsi-en-303-645"},
		"data":      []any{map[string]any{"id": "values", "category": "telemetry"}, map[string]any{"id": "commands", "category": "security-sensitive"}, map[string]any{"id": "faces", "category": "sensitive-personal"}}}
	kinds := []string{"device", "device", "device", "device", "device", "device", "gateway", "backend", "app", "device"}
	var cs, is, fs []any
	name := func(i int) string { return fmt.Sprintf("c%03d", i%components) }
	for i := range components {
		c := map[string]any{"id": name(i), "kind": kinds[i%10], "network": []any{"ethernet"}, "zone": fmt.Sprintf("cell-%d", i/40)}
		switch kinds[i%10] {
		case "device", "gateway":
			is = append(is, map[string]any{"id": "web-" + name(i), "on": name(i), "protocol": "https", "port": 443, "auth": "password"})
			c["operated_by"] = "customer"
		case "backend":
			c["operated_by"] = "maker"
			delete(c, "zone")
		}
		cs = append(cs, c)
	}
	protocols := []string{"https", "mqtt", "modbus-tcp", "opc-ua", "mqtts"}
	for i := range flows {
		fs = append(fs, map[string]any{"from": name(i * 7), "to": name(i*13 + 1 + i/components), "protocol": protocols[i%5], "data": []any{[]string{"values", "commands", "faces"}[i%3]}})
	}
	part["components"], part["interfaces"], part["flows"] = cs, is, fs
	b, err := yaml.Marshal(part)
	if err != nil {
		t.Fatal(err)
	}
	p, problems := product.Load("assay.yaml", b, limit.Default().YAML)
	if product.HasErrors(problems) {
		t.Fatal(problems)
	}
	return p
}

func standards(t testing.TB) []*standard.Standard {
	t.Helper()
	all, err := standard.All()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestPlant: a product of 200 components and 1,000 flows is modelled whole,
// cycles and all, and within the bound on threats.
func TestPlant(t *testing.T) {
	t.Parallel()
	a, err := Analyse(t.Context(), Question{Product: plant(t, 200, 1000), Library: library(t), Standards: standards(t)})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Problems) > 0 {
		t.Errorf("problems: %v", a.Problems)
	}
	if len(a.Threats) == 0 || len(a.Threats) >= maxThreats || len(a.Paths.All) == 0 {
		t.Errorf("%d threats, %d paths", len(a.Threats), len(a.Paths.All))
	}
}

// TestThousandFlowsBetweenTwo: they are one element, named once.
func TestThousandFlowsBetweenTwo(t *testing.T) {
	t.Parallel()
	part := map[string]any{"components": []any{map[string]any{"id": "a", "kind": "device"}, map[string]any{"id": "b", "kind": "backend"}},
		"data": []any{map[string]any{"id": "video", "category": "sensitive-personal"}}}
	var fs []any
	for i := range 1000 {
		fs = append(fs, map[string]any{"from": "a", "to": "b", "protocol": "mqtt", "host": fmt.Sprintf("h%d.example.com", i), "data": []any{"video"}})
	}
	part["flows"] = fs
	all, err := elements(model(t, part))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range all {
		if e.Kind == OnFlow {
			n++
			if len(e.Paths) != 1000 || fmt.Sprint(e.View["count"]) != "1000" {
				t.Errorf("%s stands for %d flows", e.Ref, len(e.Paths))
			}
		}
	}
	if n != 1 {
		t.Errorf("%d elements, want one", n)
	}
}

// TestIslandsAndLoops: components that nothing reaches, a flow to itself, a
// model with nothing in it.
func TestIslandsAndLoops(t *testing.T) {
	t.Parallel()
	for name, part := range map[string]map[string]any{
		"nothing": {},
		"island":  {"components": []any{map[string]any{"id": "a", "kind": "device"}, map[string]any{"id": "b", "kind": "backend"}}},
		"loop": {"components": []any{map[string]any{"id": "a", "kind": "device"}, map[string]any{"id": "b", "kind": "gateway"}},
			"flows": []any{map[string]any{"from": "a", "to": "a", "protocol": "mqtt"}, map[string]any{"from": "a", "to": "b", "protocol": "mqtt"}, map[string]any{"from": "b", "to": "a", "protocol": "mqtt"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, err := Analyse(t.Context(), Question{Product: model(t, part), Library: library(t), Standards: standards(t)})
			if err != nil || len(a.Problems) > 0 {
				t.Errorf("%v %v", err, a.Problems)
			}
		})
	}
}

func BenchmarkAnalyse(b *testing.B) {
	l := library(b)
	for _, size := range []struct{ components, flows int }{{8, 20}, {200, 1000}} {
		p := plant(b, size.components, size.flows)
		b.Run(fmt.Sprintf("components=%d/flows=%d", size.components, size.flows), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a, err := Analyse(b.Context(), Question{Product: p, Library: l, Standards: standards(b)})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(a.Threats)), "threats")
			}
		})
	}
}

func BenchmarkEmbedded(b *testing.B) {
	for b.Loop() {
		if _, err := Embedded(); err != nil {
			b.Fatal(err)
		}
	}
}
