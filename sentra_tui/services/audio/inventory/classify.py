"""What a device is, from what its sound system says of it.

A sound server tells in properties: https://freedesktop.org/software/pulseaudio/doxygen/proplist_8h.html, and PipeWire
in those of its nodes: https://docs.pipewire.org/page_man_pipewire-props_7.html. PortAudio knows names only.
"""

from __future__ import annotations

import re

from sentra_tui.domain.sound import DeviceFlag
from sentra_tui.services.audio.inventory.node import PortAudioNode, ServerNode

CALL_RATE_HZ = 24_000
"""A Bluetooth headset in its call profile has 8 or 16 kHz, AirPods have 24; a music profile has 44.1 kHz or more."""

_VIRTUAL_NAME = re.compile(
    r"blackhole|soundflower|vb-?audio|vb-?cable|\bcable (in|out)put|voicemeeter|virtual|loopback|zoomaudiodevice"
    r"|teams audio|background music|ishowu|krisp|\bobs\b|nvidia broadcast|rtx voice|eqmac|\bnull\b|dummy|auto_null"
    r"|stereo mix|what u hear|wave out mix|sound mapper|primary sound",
    re.IGNORECASE,
)
_AGGREGATE_NAME = re.compile(r"aggregate|multi-output|combine", re.IGNORECASE)
_BLUETOOTH_NAME = re.compile(r"bluetooth|airpods|hands-free|\bbeats\b|\bbuds\b", re.IGNORECASE)
_CALL_PROFILE = re.compile(r"headset|hands-?_?free|hfp|hsp", re.IGNORECASE)
_CALL_PROPERTIES = ("bluetooth.protocol", "api.bluez5.profile", "device.profile.name")
_VIRTUAL_DRIVER = re.compile(r"module-(null|remap|virtual|pipe|echo-cancel|ladspa|equalizer|esound|rtp|loopback)")
_AGGREGATE_DRIVER = "module-combine"
_VIRTUAL_CLASSES = ("abstract", "filter")
_VIRTUAL_FACTORY = "support.null-audio-sink"
_ALSA_LOOPBACK = "snd_aloop"
_ALSA_HARDWARE = "(hw:"
_ALSA_WHOLE_SYSTEM = ("default", "sysdefault", "pulse", "pipewire")


def server_flags(node: ServerNode) -> tuple[DeviceFlag, ...]:
    """Return what a source or sink of a sound server is; whether it is the default one is not known here."""
    flags = []
    bluetooth = _is_bluetooth(node)
    if _is_aggregate(node):
        flags.append(DeviceFlag.AGGREGATE)
    elif not bluetooth and _is_virtual(node):
        flags.append(DeviceFlag.VIRTUAL)
    if bluetooth:
        flags.append(DeviceFlag.BLUETOOTH)
        if _is_call_profile(node):
            flags.append(DeviceFlag.HEADSET)
    return tuple(flags)


def portaudio_flags(node: PortAudioNode) -> tuple[DeviceFlag, ...]:
    """Return what a device of PortAudio seems to be, by its name."""
    flags = []
    if _AGGREGATE_NAME.search(node.name):
        flags.append(DeviceFlag.AGGREGATE)
    elif _VIRTUAL_NAME.search(node.name) or _is_alsa_plugin(node):
        flags.append(DeviceFlag.VIRTUAL)
    if _BLUETOOTH_NAME.search(node.name):
        flags.append(DeviceFlag.BLUETOOTH)
        if _CALL_PROFILE.search(node.name) or (node.is_input and node.rate_hz <= CALL_RATE_HZ):
            flags.append(DeviceFlag.HEADSET)
    return tuple(flags)


def _is_bluetooth(node: ServerNode) -> bool:
    properties = node.properties
    return (
        properties.get("device.bus") == "bluetooth"
        or properties.get("device.api", "").startswith("bluez")
        or node.name.startswith("bluez_")
    )


def _is_call_profile(node: ServerNode) -> bool:
    profiles = (node.profile, *(node.properties.get(name, "") for name in _CALL_PROPERTIES))
    return node.rate_hz <= CALL_RATE_HZ or any(_CALL_PROFILE.search(profile) for profile in profiles)


def _is_aggregate(node: ServerNode) -> bool:
    return node.driver.startswith(_AGGREGATE_DRIVER) or bool(_AGGREGATE_NAME.search(node.name))


def _is_virtual(node: ServerNode) -> bool:
    properties = node.properties
    if node.monitor_of:
        return False
    told = (
        node.network
        or properties.get("node.virtual") == "true"
        or properties.get("device.class") in _VIRTUAL_CLASSES
        or properties.get("factory.name") == _VIRTUAL_FACTORY
        or properties.get("media.class", "").endswith("/Virtual")
        or properties.get("alsa.driver_name") == _ALSA_LOOPBACK
    )
    named = any(_VIRTUAL_NAME.search(text) for text in (node.name, node.description))
    return told or named or bool(_VIRTUAL_DRIVER.match(node.driver)) or not node.hardware


def _is_alsa_plugin(node: PortAudioNode) -> bool:
    """Tell ALSA's plug-ins (`dmix`, `upmix`, `samplerate`) from its cards and from the system's own choice."""
    return node.host_api == "ALSA" and _ALSA_HARDWARE not in node.name and node.name not in _ALSA_WHOLE_SYSTEM
