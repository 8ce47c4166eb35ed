package exchange

import (
	"bytes"
	"fmt"
	"reflect"

	"assay/internal/product"

	"go.yaml.in/yaml/v3"
)

// head stands above a file that was made by a program.
const head = `yaml-language-server: $schema=assay.schema.json

Made of a foreign model. Read it through: kinds, categories and zones may be guesses, and what that
model doesn't state is not here. ` + "`assay check`" + ` lists what is open; docs/workspace.md has every field.
由其他模型轉換而成，請逐項檢查：種類、類別與區域可能是推測，原模型未說明者不在此。執行 ` + "`assay check`" + ` 可列出待補項目。`

// gapComment stands beside what has to be filled in.
const gapComment = "the imported model doesn't say: fill in 匯入的模型未說明，請填寫"

// sections says above each list what it is for.
var sections = map[string]string{
	"standards":  "`assay standards list` shows them all 可用的標準",
	"components": "the parts of the product: kind is device, app, gateway or backend 產品的組成",
	"interfaces": "everything that listens or can be plugged in 所有服務與實體介面",
	"data":       "category: security-sensitive, sensitive-personal, telemetry or public 產品持有或傳送的資料",
	"flows":      "who talks to whom; write the host of everything that leaves the product 資料流",
}

// MarshalYAML writes a product as a commented assay.yaml.
func MarshalYAML(p *product.Product) (data []byte, err error) {
	defer func() {
		if r := recover(); r != nil { // the package panics where it can't encode
			data, err = nil, fmt.Errorf("exchange: write yaml: %v", r)
		}
	}()
	var doc yaml.Node
	if err := doc.Encode(p); err != nil {
		return nil, fmt.Errorf("exchange: write yaml: %w", err)
	}
	doc.HeadComment = head
	stateNothing(&doc, p)
	for i := 0; i+1 < len(doc.Content); i += 2 {
		key, value := doc.Content[i], doc.Content[i+1]
		if text := sections[key.Value]; text != "" {
			key.HeadComment = "\n" + text
		}
		compact(value)
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return nil, fmt.Errorf("exchange: write yaml: %w", err)
	}
	if err := enc.Close(); err != nil {
		return nil, fmt.Errorf("exchange: write yaml: %w", err)
	}
	return b.Bytes(), nil
}

// stateNothing adds the lists whose emptiness is a statement, which encoding
// leaves out.
func stateNothing(doc *yaml.Node, p *product.Product) {
	v := reflect.ValueOf(*p)
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || v.Field(i).Kind() != reflect.Slice || v.Field(i).Len() > 0 {
			continue
		}
		if name := jsonName(f); !v.Field(i).IsNil() || p.Stated(name) {
			doc.Content = append(doc.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: name},
				&yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle})
		}
	}
}

// compact writes short lists of words on one line and marks the gaps.
func compact(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.Value == Gap {
		n.LineComment = gapComment
	}
	words := 0
	for _, c := range n.Content {
		compact(c)
		if c.Kind == yaml.ScalarNode && len(c.Value) <= 40 {
			words++
		}
	}
	if n.Kind == yaml.SequenceNode && words == len(n.Content) && words <= 8 {
		n.Style = yaml.FlowStyle
	}
}
