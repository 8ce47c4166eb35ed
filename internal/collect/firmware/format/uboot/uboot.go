// Package uboot reads what U-Boot leaves in flash: its binary in the wrappings of
// boot ROMs (Allwinner, Marvell, Rockchip, NXP), its banner, its environment.
// In: bytes at an offset. Out: ranges, versions, variables, and what guards the
// boot loader. Says who: tools/ and env/ of U-Boot.
package uboot

import (
	"context"

	"assay/internal/collect/firmware/format"
	"assay/internal/collect/firmware/format/banner"
)

// Formats returns the formats of this package. The environment has no magic
// number: its Look is to be called at offsets that are multiples of 4 KiB, where
// an erase block may begin, and tells from six bytes on that nothing stands
// there.
func Formats() []format.Format {
	return []format.Format{
		{Name: "u-boot-sunxi", Magics: []format.Magic{{Bytes: eGON, At: 4}}, Look: lookSunxi},
		{Name: "u-boot-kwb", Head: true, Weak: true, Look: lookKWB},
		{Name: "imx-ivt", Magics: []format.Magic{{Bytes: "\xd1\x00\x20\x40"}, {Bytes: "\xd1\x00\x20\x41"}, {Bytes: "\xd1\x00\x20\x43"}}, Look: lookIVT},
		{Name: "rockchip-idblock", Magics: []format.Magic{{Bytes: rkMagic1}, {Bytes: rkMagic2}}, Look: lookRockchip},
		{Name: "u-boot-banner", Magics: []format.Magic{{Bytes: "U-Boot 1."}, {Bytes: "U-Boot 20"}, {Bytes: "U-Boot SPL "}, {Bytes: "U-Boot TPL "}}, Look: lookBanner},
		{Name: "u-boot-default-env", Magics: magics(anchors), Look: lookDefaults},
		{Name: "u-boot-env", Weak: true, Look: lookEnvironment},
	}
}

func magics(words []string) (out []format.Magic) {
	for _, w := range words {
		out = append(out, format.Magic{Bytes: w})
	}
	return out
}

func lookBanner(_ context.Context, s format.Source, at int64) (*format.Part, error) {
	b := format.Head(s, at, banner.Max)
	sys, ok := banner.UBoot(b, at)
	if !ok {
		return nil, nil
	}
	return &format.Part{Format: "u-boot-banner", Offset: at, Size: int64(len(sys.Text)), Note: format.Printable(sys.Text), Systems: []format.System{sys}}, nil
}
