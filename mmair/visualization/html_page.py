"""What the HTML pages have in common."""
from .skeleton import LIMB_COLORS, TRUNK_COLOR

BASE_STYLE = '''
:root { color-scheme: light dark; --back: #f6f7f9; --card: #fff;
  --text: #23272e; --soft: #626a76; --line: #e1e4e9; --mark: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --back: #16181d;
  --card: #1f2229; --text: #e4e7ec; --soft: #9aa3b0; --line: #343945;
  --mark: #56b4e9; } }
body { margin: 0; background: var(--back); color: var(--text);
  font: 16px/1.55 system-ui, sans-serif; }
img { display: block; max-width: 100%; height: auto; background: #fff;
  border-radius: 8px; }
.legend span { display: inline-block; margin-right: 1.1rem; }
.legend i { display: inline-block; width: 1.2rem; height: .3rem;
  border-radius: .2rem; margin-right: .4rem; vertical-align: middle; }
'''


def legend() -> str:
    """The colours of the limbs, for an element of the class ``legend``."""
    colors = dict(trunk=TRUNK_COLOR, **LIMB_COLORS)
    return ''.join(f'<span><i style="background:{color}"></i>'
                   f'{name.replace("_", " ")}</span>'
                   for name, color in colors.items())


def page(title: str, style: str, body: str) -> str:
    """A whole page.

    Args:
        title (str): Its title, as HTML.
        style (str): CSS that is added to the common one.
        body (str): What it shows, as HTML.
    """
    return f'''<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{BASE_STYLE}{style}</style></head>
<body><main>
{body}
</main></body></html>
'''
