package lzma2

import "io"

// source gives out compressed bytes: a slice, or a reader through a buffer.
type source struct {
	b     []byte    // not yet taken
	r     io.Reader // nil: b is all there is
	err   error     // what r ended with
	buf   []byte
	taken int64
}

const bufferSize = 1 << 16

// more makes sure that n bytes, at most bufferSize, are in b.
func (s *source) more(n int) error {
	for len(s.b) < n {
		if s.r == nil {
			return io.ErrUnexpectedEOF
		}
		if s.err != nil {
			if s.err == io.EOF {
				return io.ErrUnexpectedEOF
			}
			return s.err
		}
		if s.buf == nil {
			s.buf = make([]byte, bufferSize)
		}
		have := copy(s.buf, s.b)
		var k int
		for tries := 0; k == 0 && s.err == nil; tries++ {
			if tries == 100 {
				s.err = io.ErrNoProgress
				break
			}
			k, s.err = s.r.Read(s.buf[have:])
		}
		s.b = s.buf[:have+k]
	}
	return nil
}

// take takes n bytes, valid until the next call.
func (s *source) take(n int) ([]byte, error) {
	if err := s.more(n); err != nil {
		return nil, err
	}
	p := s.b[:n]
	s.skip(n)
	return p, nil
}

func (s *source) skip(n int) {
	s.b = s.b[n:]
	s.taken += int64(n)
}

func (s *source) byte() (byte, error) {
	if len(s.b) == 0 {
		if err := s.more(1); err != nil {
			return 0, err
		}
	}
	b := s.b[0]
	s.skip(1)
	return b, nil
}

// peek returns the next n bytes without taking them; false where there are fewer.
func (s *source) peek(n int) ([]byte, bool) {
	if s.more(n) != nil {
		return nil, false
	}
	return s.b[:n], true
}

// read fills p as far as there are bytes. An error but io.EOF is one of the reader.
func (s *source) read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if err := s.more(1); err != nil {
			if err == io.ErrUnexpectedEOF {
				err = io.EOF
			}
			return n, err
		}
		k := copy(p[n:], s.b)
		s.skip(k)
		n += k
	}
	return n, nil
}
