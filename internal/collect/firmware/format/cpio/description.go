package cpio

import "strings"

// maxImages bounds what is kept of a package and of its description.
const maxImages = 4096

// image is one artifact that a sw-description names.
type image struct {
	file      string
	sha256    string
	encrypted string // "true" or the name of a cipher; "" or "false" else
}

// parseDescription collects the groups that name a file, wherever they stand:
// images, files, scripts, of every board and selection. The file is libconfig
// or JSON (SWUpdate's documentation, "SWUpdate: syntax and tags"); one loose
// reader does for both, since only names, "=" or ":", values and brackets count.
func parseDescription(text string) (images []image, version string) {
	type group map[string]string
	stack := []group{{}}
	key, word := "", "" // the name before "=", and the token before that
	for t := range tokens(text) {
		top := stack[len(stack)-1]
		switch t {
		case "=", ":":
			key = word
		case "{":
			if len(stack) > 64 {
				return images, version
			}
			stack = append(stack, group{})
			key = ""
		case "}":
			if top["filename"] != "" && len(images) < maxImages {
				images = append(images, image{file: top["filename"], sha256: strings.ToLower(top["sha256"]), encrypted: top["encrypted"]})
			} else if top["filename"] == "" && len(stack) <= 3 && version == "" {
				version = top["version"]
			}
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
			}
		case "(", "[", ")", "]", ",", ";":
			key = ""
		default:
			word = strings.Trim(t, `"`)
			if key != "" && len(top) < 256 && len(top[key]) < maxName {
				top[key] += word // strings in a row are one in libconfig
			}
			if !strings.HasPrefix(t, `"`) {
				key = ""
			}
		}
	}
	if version == "" {
		version = stack[0]["version"]
	}
	return images, version
}

// tokens yields strings with their first quote, words, and marks.
func tokens(s string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for s = skip(s); s != ""; s = skip(s) {
			n := 1
			switch c := s[0]; {
			case c == '"':
				for n < len(s) && s[n] != '"' {
					if s[n] == '\\' {
						n++
					}
					n++
				}
				n = min(n+1, len(s))
			case wordByte(c):
				for n < len(s) && wordByte(s[n]) {
					n++
				}
			}
			if !yield(s[:n]) {
				return
			}
			s = s[n:]
		}
	}
}

// skip drops white space and comments.
func skip(s string) string {
	for {
		s = strings.TrimLeft(s, " \t\r\n\f\v")
		end := ""
		switch {
		case strings.HasPrefix(s, "#"), strings.HasPrefix(s, "//"):
			end = "\n"
		case strings.HasPrefix(s, "/*"):
			end = "*/"
		default:
			return s
		}
		_, s, _ = strings.Cut(s, end)
	}
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.@*+$", c) >= 0
}
